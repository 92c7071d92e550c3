"""`python -m benchmarks`: every table; the questions are put to 100,000 articles, by themselves to a million."""

from benchmarks import end_to_end, idle, polling, questions

end_to_end.main()
print()
polling.main()
print()
idle.main()
print()
questions.main(["--articles", "100000"])
