"""Making the model and the word lists; nothing here is imported to serve a page."""
