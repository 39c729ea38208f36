mkdir -p a/b; cd a/b; basename "$PWD"; cd ..; basename "$PWD"; cd - > /dev/null; basename "$PWD"
cd nosuch 2>/dev/null; echo $?
HOME=/; cd; pwd
cd /tmp/../tmp/.; pwd
