trap 'echo usr1' USR1
kill -USR1 $$
echo after
(kill -USR1 $$; echo sub)
echo done
trap '' USR1
kill -USR1 $$
trap -p
trap - USR1
trap -- 'echo "a b"' HUP USR2
trap
trap 'echo x' 1 15
trap -p
trap 1 15
trap
trap -l | head -2
