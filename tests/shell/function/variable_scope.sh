f() { v=set_in_f; local w=local_w; g; }
g() { echo "$v $w"; w=changed; }
f; echo "$v ${w-unset}"
