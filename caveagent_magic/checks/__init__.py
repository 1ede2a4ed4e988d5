"""What the person wants to stay true of their data, checked after each step: `%cave guard`."""
