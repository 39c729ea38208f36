x=été
echo "${#x}"
f() { local LC_ALL=C; echo "${#x} ${x:0:1}" | od -An -c | head -1; }
f
echo "${#x} ${x:0:1}"
LC_ALL=C; echo "${#x}"; case é in ?) echo one;; ??) echo two;; esac
LC_ALL=C.UTF-8; echo "${#x}"
