"""What is checked when a period closes: rows as they stand, and rules over many organisations."""
