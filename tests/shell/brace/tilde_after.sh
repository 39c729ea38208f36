HOME=/home/me
echo {~,x~}/bin ~{,/a}/b a{~,b} ""{~,x}/y \~{a,b}
v={~,x}; echo "$v"
