"""What each expression of the code may stand for, followed through its own data flow."""
