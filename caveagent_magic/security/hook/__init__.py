"""What the audit hook of the guard consists of; it runs on a copy of these modules."""
