set -o posix
alias ll='echo alias'; ll; eval ll; alias
