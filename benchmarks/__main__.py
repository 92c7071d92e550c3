"""`python -m benchmarks`: every table."""

from benchmarks import end_to_end

end_to_end.main()
