mkdir -p a/b
echo 1 > a/f
chmod 700 a/f
mv a/f a/g && ls a
mv a/g . && stat -c '%a %n' g
mv a c && ls
mv c d && ls d
mkdir e && mv d g e && ls e
mv nofile x 2>&1; echo $?
mv e e/in 2>&1; echo $?
touch x y && mv -n x y; ls x y
mv g2 2>/dev/null; echo $?
