"""Notes and tags of the people who read, apart from what a site said."""
