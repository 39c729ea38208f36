shopt -s execfail; exec nosuch; echo $?; exec /usr; echo $?; exec /; exec -x; echo $?; exec -a foo sh -c 'echo $0'
