> created
test -f created && echo exists
>> created
< created
echo $?
x=1 > created2; echo $x; ls created2
