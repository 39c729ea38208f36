set -o posix
alias if='echo never' hi='echo in posix mode'
if true; then echo a reserved word; fi
hi
