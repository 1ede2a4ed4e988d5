"""What leaves this machine: worded, stripped of what is hidden, and written down before it goes."""
