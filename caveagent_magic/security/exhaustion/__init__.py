"""What code would use of time and memory, estimated without running it."""
