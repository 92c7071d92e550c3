"""`python -m benchmarks`: every table."""

from benchmarks import end_to_end, exports, polling

end_to_end.main()
print()
polling.main()
print()
exports.main()
