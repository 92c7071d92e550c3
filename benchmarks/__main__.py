"""`python -m benchmarks`: every table."""

from benchmarks import end_to_end, exports, idle, polling

end_to_end.main()
print()
polling.main()
print()
idle.main()
print()
exports.main()
