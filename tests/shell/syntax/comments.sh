echo a # comment
# whole line 'with quote
echo b#not comment c # yes
echo "# quoted" '#'
: # done
