printf 12345 > f; chmod 640 f; ln -s f l; mkdir d
stat -c '%n %s %a %A %F %U %G %u %h' f l d | sed 's/ [0-9]*$//'
stat -L -c %F l; stat --printf '%s\t%n\n' f; stat -c '%N' l
touch -d @86400 f; stat -c %Y f; TZ=UTC stat -c %y f
stat nofile 2>&1; echo $?
