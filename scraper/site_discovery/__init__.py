"""Find the channels and the shape of a site nobody has declared yet, from the bytes of its pages; pure."""
