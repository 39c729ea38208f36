cp nofile x 2>&1; echo $?
mkdir d
cp d e 2>&1; echo $?
touch f
cp f f 2>&1; echo $?
cp f 2>/dev/null; echo $?
cp f f d; ls d; echo $?
cp f g nodir 2>&1; echo $?
