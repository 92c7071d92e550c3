"""The sources, one module each; a module here is a source by being here."""
