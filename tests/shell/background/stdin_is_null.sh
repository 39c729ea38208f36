cat & wait; echo $?
echo data | { cat & wait; }
