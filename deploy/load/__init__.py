"""What the running system is put through by hand: many citizens at once, and parts that die (kill_parts.py)."""
