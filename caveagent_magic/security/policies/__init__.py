"""What is allowed, asked about or denied: the layers, their scopes, and what one run may use."""
