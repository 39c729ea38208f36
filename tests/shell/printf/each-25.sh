printf -- '-x\n'
