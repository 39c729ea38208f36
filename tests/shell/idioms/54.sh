echo $'tab\tq\'s' "$'no'" $"loc"; echo "a
b"; echo a\
b
