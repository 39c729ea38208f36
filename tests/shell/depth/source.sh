# oracle: none
echo ". ./s.sh" > s.sh
(. ./s.sh) 2>/dev/null; [ $? -ne 0 ] && echo refused
