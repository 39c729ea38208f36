HOME=/h/me
echo ~ ~/x "~" '~' \~ a~ ~nosuchuser
x=~/y; echo $x
p=a:~/b:~; echo $p
echo x=~ --opt=~
cd /; echo ~+
