"""The Rasa assistant: language understanding, dialogue rules and the channel that the gateway talks to."""
