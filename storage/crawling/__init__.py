"""Record what a crawl did: sources, channels, links, fetches, runs and events."""
