"""The injection layer: live objects as cards, which say what a name is and never what it holds."""
