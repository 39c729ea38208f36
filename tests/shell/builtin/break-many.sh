for i in 1 2; do break 1 2; echo x; done; echo $?
for i in 1 2; do continue 1 2; echo x; done; echo $?
