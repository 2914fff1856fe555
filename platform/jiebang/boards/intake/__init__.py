"""What helps people to say what they need or offer: asking back, examples, look-alikes, files."""
