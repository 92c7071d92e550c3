"""Measure the cost of Presswatch beside the least that the same work can cost, interleaved in one run."""
