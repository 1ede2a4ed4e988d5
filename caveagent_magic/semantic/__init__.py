"""The semantic stream: what is said to the model and what it says back."""
