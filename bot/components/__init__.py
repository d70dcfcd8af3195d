"""Rasa graph components for Korean; `bot/config.yml` names them by module path."""
