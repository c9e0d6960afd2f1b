-- ARGV: id.
drop(ARGV[1])
tell()
return 0
