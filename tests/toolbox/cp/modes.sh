# A copy keeps the permission bits, -p keeps the times too, -a also the links.
mkdir -p s/a/b
echo one > s/a/1
echo two > s/a/b/2
ln -s 1 s/a/link
chmod 750 s/a/1
cp s/a/1 plain && stat -c '%a %F' plain
cp -r s t && find t | sort && readlink t/a/link
touch -d '2020-01-02 03:04:05 UTC' s/a/1
cp -p s/a/1 kept && stat -c '%a %Y' kept
cp -a s u && stat -c '%a %Y %F' u/a/1 && stat -c %F u/a/link
cp -L s/a/link followed && stat -c %F followed
cp s/a/1 s/a/b && ls s/a/b
cp -t u s/a/1 plain && ls u
cp --parents s/a/b/2 t && ls t/s/a/b
