"""Keep articles and answer questions about them: the ground the other packages stand on."""
