# `cp -R a/. d` copies what is in a, not a itself.
mkdir -p a/b d e
echo x > a/b/f
cp -R a/. d/
cp -a ./a/. e
(cd d && find . | sort)
(cd e && find . | sort)
