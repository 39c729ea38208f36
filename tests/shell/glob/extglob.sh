shopt -s extglob
touch a.c b.h c.o d.txt
echo !(*.o) 
echo *.@(c|h)
echo +([a-c]).?
x=aabbcc; echo ${x##+(a)} ${x/%+(c)/X}
case foobar in foo@(bar|baz)) echo match;; esac
[[ abc == a!(x)c ]] && echo yes
