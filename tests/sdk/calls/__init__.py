"""One small check for each public method of the official Python clients."""
