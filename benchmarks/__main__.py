"""`python -m benchmarks`: every table."""

from benchmarks import end_to_end, polling

end_to_end.main()
print()
polling.main()
