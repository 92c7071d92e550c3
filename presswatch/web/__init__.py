"""Show what is stored in a browser: pages made on the server, whole without script."""
