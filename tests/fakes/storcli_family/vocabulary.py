"""The words that the tools of the family put before their facts, by section of `show all`.

Only the words: what stands behind them is made up in older.py and newer.py. "#" marks a whole number.
"""


def filled(words, **known):
    """{word: value} for a section: what is known, else 0 for a number and "No" for anything else."""
    section = {}
    for word in words.split("|"):
        name = word.removesuffix("#")
        section[name] = known.get(name, 0 if word.endswith("#") else "No")
    return section


OLDER = {
    "Basics": (
        "Controller#|Model|Serial Number|Current Controller Date/Time|Current System Date/time|SAS Address|"
        "PCI Address|Mfg Date|Rework Date|Revision No"
    ),
    "Version": (
        "Firmware Package Build|Firmware Version|NVDATA Version|Bios Version|Driver Name|Driver Version"
    ),
    "Bus": (
        "Vendor Id#|Device Id#|SubVendor Id#|SubDevice Id#|Host Interface|Device Interface|Bus Number#|"
        "Device Number#|Function Number#|Domain ID#"
    ),
    "Pending Images in Flash": (
        "Image name"
    ),
    "Status": (
        "Controller Status|Memory Correctable Errors#|Memory Uncorrectable Errors#|ECC Bucket Count#|"
        "Any Offline VD Cache Preserved|BBU Status#|PD Firmware Download in progress|Support PD Firmware Download|"
        "Lock Key Assigned|Failed to get lock key on bootup|Lock key has not been backed up|"
        "Bios was not detected during boot|Controller must be rebooted to complete security operation|"
        "A rollback operation is in progress|At least one PFK exists in NVRAM|SSC Policy is WB|"
        "Controller has booted into safe mode|Controller shutdown required|"
        "Controller has booted into certificate provision mode"
    ),
    "Supported Adapter Operations": (
        "Rebuild Rate|CC Rate|BGI Rate |Reconstruct Rate|Patrol Read Rate|Alarm Control|Cluster Support|BBU|Spanning|"
        "Dedicated Hot Spare|Revertible Hot Spares|Foreign Config Import|Self Diagnostic|"
        "Allow Mixed Redundancy on Array|Global Hot Spares|Deny SCSI Passthrough|Deny SMP Passthrough|"
        "Deny STP Passthrough|Support more than 8 Phys|FW and Event Time in GMT|Support Enhanced Foreign Import|"
        "Support Enclosure Enumeration|Support Allowed Operations|Abort CC on Error|Support Multipath|"
        "Support Odd & Even Drive count in RAID1E|Support Security|Support Config Page Model|"
        "Support the OCE without adding drives|Support EKM|Snapshot Enabled|Support PFK|Support PI|"
        "Support Ld BBM Info|Support Shield State|Block SSD Write Disk Cache Change|Support Suspend Resume BG ops|"
        "Support Emergency Spares|Support Set Link Speed|Support Boot Time PFK Change|Support JBOD|"
        "Disable Online PFK Change|Support Perf Tuning|Support SSD PatrolRead|Real Time Scheduler|Support Reset Now|"
        "Support Emulated Drives|Headless Mode|Dedicated HotSpares Limited|Point In Time Progress|Extended LD|"
        "Support Uneven span |Support Maintenance Mode|Support Diagnostic results|Support Ext Enclosure|"
        "Support Sesmonitoring|Support SecurityonJBOD|Support ForceFlash|Support DisableImmediateIO|"
        "Support LargeIOSupport|Support DrvActivityLEDSetting|Support FlushWriteVerify|Support CPLDUpdate|"
        "Support ForceTo512e|Support discardCacheDuringLDDelete|Support JBOD Write cache|Support Large QD Support|"
        "Support Ctrl Info Extended|Support IButton less|Support AES Encryption Algorithm|Support Encrypted MFC|"
        "Support Snapdump|Support Force Personality Change|Support Dual Fw Image|Support PSOC Update|"
        "Support Secure Boot|Support Debug Queue|Support Least Latency Mode|Support OnDemand Snapdump|"
        "Support Clear Snapdump|Support PHY current speed|Support Lane current speed|Support NVMe Width|"
        "Support Lane DeviceType|Support Extended Drive performance Monitoring|Support NVMe Repair|"
        "Support Platform Security|Support None Mode Params|Support Extended Controller Property|"
        "Support Smart Poll Interval for DirectAttached|Support Write Journal Pinning|"
        "Support SMP Passthru with Port Number|Support NVMe Init Error Device ConnectorIndex"
    ),
    "Enterprise Key management": (
        "Capability|Boot Agent|Configured"
    ),
    "Supported PD Operations": (
        "Force Online|Force Offline|Force Rebuild|Deny Force Failed|Deny Force Good/Bad|Deny Missing Replace|"
        "Deny Clear|Deny Locate|Support Power State|Set Power State For Cfg|Support T10 Power State|"
        "Support Temperature|NCQ|Support Max Rate SATA|Support Degraded Media|Support Parallel FW Update|"
        "Support Drive Crypto Erase|Support SSD Wear Gauge"
    ),
    "Supported VD Operations": (
        "Read Policy|Write Policy|IO Policy|Access Policy|Disk Cache Policy|Reconstruction|Deny Locate|Deny CC|"
        "Allow Ctrl Encryption|Enable LDBBM|Support FastPath|Performance Metrics|Power Savings|"
        "Support Powersave Max With Cache|Support Breakmirror|Support SSC WriteBack|Support SSC Association|"
        "Support VD Hide|Support VD Cachebypass|Support VD discardCacheDuringLDDelete|Support VD Scsi Unmap"
    ),
    "HwCfg": (
        "ChipRevision|BatteryFRU|Front End Port Count#|Backend Port Count#|BBU|Alarm|Serial Debugger|NVRAM Size|"
        "Flash Size|On Board Memory Size|CacheVault Flash Size|TPM|Upgrade Key|On Board Expander|"
        "Temperature Sensor for ROC|Temperature Sensor for Controller|Upgradable CPLD|Upgradable PSOC|"
        "Current Size of CacheCade (GB)#|Current Size of FW Cache (MB)#"
    ),
    "Policies": (
        "Flush Time(Default)|Drive Coercion Mode|Auto Rebuild|Battery Warning|ECC Bucket Size#|"
        "ECC Bucket Leak Rate (hrs)#|Restore Hot Spare on Insertion|Expose Enclosure Devices|"
        "Maintain PD Fail History|Reorder Host Requests|Auto detect BackPlane|Security Key Assigned|"
        "Disable Online Controller Reset|Use drive activity for locate"
    ),
    "Boot": (
        "BIOS Enumerate VDs#|Stop BIOS on Error|Delay during POST#|Spin Down Mode|Enable Ctrl-R|Enable Web BIOS|"
        "Enable PreBoot CLI|Enable BIOS|Max Drives to Spinup at One Time#|"
        "Maximum number of direct attached drives to spin up in 1 min#|Delay Among Spinup Groups (sec)#|"
        "Allow Boot with Preserved Cache"
    ),
    "High Availability": (
        "Topology Type|Cluster Permitted|Cluster Active"
    ),
    "Defaults": (
        "Phy Polarity#|Phy PolaritySplit#|Strip Size|Write Policy|Read Policy|Cache When BBU Bad|Cached IO|"
        "VD PowerSave Policy|Default spin down time (mins)#|Coercion Mode|ZCR Config|Max Chained Enclosures#|"
        "Direct PD Mapping|Restore Hot Spare on Insertion|Expose Enclosure Devices|Maintain PD Fail History|"
        "Zero Based Enclosure Enumeration|Disable Puncturing|EnableLDBBM|DisableHII|Un-Certified Hard Disk Drives|"
        "SMART Mode|Enable LED Header|LED Show Drive Activity|Dirty LED Shows Drive Activity|EnableCrashDump|"
        "Disable Online Controller Reset|Treat Single span R1E as R10|Power Saving option|TTY Log In Flash|"
        "Auto Enhanced Import|BreakMirror RAID Support|Disable Join Mirror|Enable Shield State|"
        "Time taken to detect CME"
    ),
    "Capabilities": (
        "Supported Drives|RAID Level Supported|Enable JBOD|Mix in Enclosure|Mix of SAS/SATA of HDD type in VD|"
        "Mix of SAS/SATA of SSD type in VD|Mix of SSD/HDD in VD|SAS Disable|Max Arms Per VD#|Max Spans Per VD#|"
        "Max Arrays#|Max VD per array#|Max Number of VDs#|Max Parallel Commands#|Max SGE Count#|"
        "Max Data Transfer Size|Max Strips PerIO#|Max Configurable CacheCade Size(GB)#|Max Transportable DGs#|"
        "Enable Snapdump|Enable SCSI Unmap|FDE Drive Mix Support|Min Strip Size|Max Strip Size"
    ),
    "Scheduled Tasks": (
        "Consistency Check Reoccurrence|Next Consistency check launch|Patrol Read Reoccurrence|"
        "Next Patrol Read launch|Battery learn Reoccurrence|Next Battery Learn|OEMID"
    ),
    "Security Protocol properties": (
        "Security Protocol"
    ),
}

HBA = {
    "Basics": (
        "Controller#|Adapter Type|Model|Serial Number|Current System Date/time|Concurrent commands supported#|"
        "SAS Address|PCI Address"
    ),
    "Version": (
        "Firmware Package Build|Firmware Version|Bios Version|NVDATA Version|Driver Name|Driver Version"
    ),
    "PCI Version": (
        "Vendor Id#|Device Id#|SubVendor Id#|SubDevice Id#|Host Interface|Device Interface|Bus Number#|"
        "Device Number#|Function Number#|Domain ID#"
    ),
    "Pending Images in Flash": (
        "Image name"
    ),
    "Status": (
        "Controller Status|Memory Correctable Errors#|Memory Uncorrectable Errors#|Bios was not detected during boot|"
        "Controller has booted into safe mode|Controller has booted into certificate provision mode"
    ),
    "Supported Adapter Operations": (
        "Alarm Control|Cluster Support|Self Diagnostic|Deny SCSI Passthrough|Deny SMP Passthrough|"
        "Deny STP Passthrough|Support more than 8 Phys|FW and Event Time in GMT|Support Enclosure Enumeration|"
        "Support Allowed Operations|Support Multipath|Support Security|Support Config Page Model|"
        "Support the OCE without adding drives|support EKM|Snapshot Enabled|Support PFK|Support PI|"
        "Support Shield State|Support Set Link Speed|Support JBOD|Disable Online PFK Change|Real Time Scheduler|"
        "Support Reset Now|Support Emulated Drives|Support Secure Boot|Support Platform Security|"
        "Support Package Stamp Mismatch Reporting"
    ),
    "HwCfg": (
        "ChipRevision|BatteryFRU|Front End Port Count#|Backend Port Count#|Serial Debugger|NVRAM Size|Flash Size|"
        "On Board Memory Size|On Board Expander|Temperature Sensor for ROC|Temperature Sensor for Controller|"
        "Current Size of CacheCade (GB)#|Current Size of FW Cache (MB)#|ROC temperature(Degree Celsius)#"
    ),
    "Policies": (
        "Flush Time(Default)|Drive Coercion Mode|Auto Rebuild|Battery Warning|ECC Bucket Size#|"
        "ECC Bucket Leak Rate (hrs)#|Restore HotSpare on Insertion|Expose Enclosure Devices|Maintain PD Fail History|"
        "Reorder Host Requests|Auto detect BackPlane|Load Balance Mode|Security Key Assigned|"
        "Disable Online Controller Reset|Use drive activity for locate"
    ),
    "Boot": (
        "Max Drives to Spinup at One Time#|Maximum number of direct attached drives to spin up in 1 min#|"
        "Delay Among Spinup Groups (sec)#|Allow Boot with Preserved Cache"
    ),
    "Defaults": (
        "Phy Polarity#|Phy PolaritySplit#|Cached IO|Default spin down time (mins)#|Coercion Mode|ZCR Config|"
        "Max Chained Enclosures#|Direct PD Mapping|Restore Hot Spare on Insertion|Expose Enclosure Devices|"
        "Maintain PD Fail History|Zero Based Enclosure Enumeration|Disable Puncturing|Un-Certified Hard Disk Drives|"
        "SMART Mode|Enable LED Header|LED Show Drive Activity|Dirty LED Shows Drive Activity|EnableCrashDump|"
        "Disable Online Controller Reset|Treat Single span R1E as R10|Power Saving option|TTY Log In Flash|"
        "Auto Enhanced Import|Enable Shield State|Time taken to detect CME"
    ),
    "Capabilities": (
        "Supported Drives|Enable JBOD|Max Parallel Commands#|Max SGE Count#|Max Data Transfer Size|Max Strips PerIO#|"
        "Max Configurable CacheCade Size#|Min Strip Size|Max Strip Size"
    ),
    "Security Protocol properties": (
        "Security Protocol"
    ),
}

NEWER = {
    "Basics": (
        "Product Name|Board Name|Board Assembly|Board Tracer Number|Board Revision|Chip Name|Chip Revision|"
        "Board Mfg Date(yyyy/mm/dd)|Board Rework Date(yyyy/mm/dd)|Custom Serial Number|SAS Address|Serial Number|"
        "Controller Time(LocalTime yyyy/mm/dd hh:mm:sec)|System Time(LocalTime yyyy/mm/dd hh:mm:sec)|OEM|SubOEMID#|"
        "PCI Slot Number"
    ),
    "Version": (
        "Package Version|Firmware Version|Firmware Security Version Number|FMC Version|FMC Security Version Number|"
        "BSP Version|BSP Security Version Number|BIOS Version|BIOS Security Version Number|HIIM Version|"
        "HIIM Security Version Number|HIIA Version|HIIA Security Version Number|PSOC Hardware Version|"
        "PSOC Firmware Version|PSOC Part Number|NVDATA Version|Driver Name|Driver Version|SL8 Library Version"
    ),
    "HostInterface": (
        "Max PCIe Link Rate|Max PCIe Port Width#|PCI Address|PCIe Link Width"
    ),
    "DeviceInterface": (
        "SAS/SATA|PCIe|PCI Vendor ID|PCI Device ID|PCI Subsystem Vendor ID|PCI Subsystem ID"
    ),
    "Status": (
        "Controller Status|VD Count#|VD Degraded Count#|VD Offline Count#|PD Count#|PD Drive Count#|"
        "Critical Predictive Failure PD Drive Count#|Failed PD Drive Count#|Memory Correctable Errors#|"
        "Memory Uncorrectable Errors#|ECC Bucket Count#|Preserved Cache Present|System Reboot Required|"
        "System Shutdown Required|Controller Reset Required|Security Key Assigned|Security Type|"
        "Failed to get Security key on bootup|Bios was not detected during boot|Boot Time Secret Key Provider|"
        "EKM Key Provider|Controller must be rebooted to complete security operation|"
        "Controller has booted into safe mode|Controller has trial features enabled|Personality Change Pending|"
        "Security Key Rekey Pending|Reconfigure types|Controller Personality"
    ),
    "Supported Controller operations": (
        "Support Enclosure Affinity|Support Foreign Config Import|Support Foreign Config Clear|"
        "Support Self Diagnostic Check|Support Diag Retention Test|Support Cache Offload Info|"
        "FW and Event Time in GMT|Support Abort CC on Error|Support Multipath|Support Security|"
        "Support Security Suggest|Support Portable Security Key|Support Security Key Per PD|Support LKM|Support EKM|"
        "Support LKM to EKM|Support EKM to LKM|Support PFK|Support Electronic PFK|Support Ldbbm|Support Shield State|"
        "Support SSD Ld Disk Cache Change|Support Operation Suspend Resume|Support Emergency Spares|"
        "Support Device Mgmt PEL|Support CC Schedule|Support PatrolRead|Support SSD PatrolRead|Support Resize Array|"
        "Support Drive Performance Monitoring|Support Emulated Drives|Support Limited Dedicated HotSpares|"
        "Support Factory Defaults set|Support Personality|Support NVCache Info Get|Support NVCache Erase|"
        "Support Cache Offload Encryption|Support CacheBypass Modes|Support Purge Cache During VD Delete|"
        "Support BoardLogic Update|Support Ibuttonless|Support Host Info|Support Cache-Vault Health Info|"
        "Support PCIe Devices|Support Extended MPB VPD pages|Support Snapdump|Support Energy Pack|"
        "Support Energy Pack VPD|Support Multiple Security keys(One Per PD)|Support Platform Security|"
        "Support SESCtrl In Multipath Config|Support R6 Individual PD Suspend/Resume|Support SAS Config|"
        "Support limiting of SAS Link speed|Support limiting of SAS Link speed per Phy|Support PCIe Config|"
        "Support limiting of PCIe Link Speed|Support limiting of PCIe Link Speed per Link|"
        "Support PCIe Config Lane Mapping|Support Immediate Auto-configure|Support NVMe Recover|"
        "Support NVMe Reconfigure|Support PCIe Clock mode|Support Enhanced Scheduling"
    ),
    "External Key Management": (
        "Capability|Boot Agent Status|Configured"
    ),
    "Supported PD operations": (
        "Support Force Online|Support Make Offline|Support Make Failed|Support SpinDown Unconfigured|"
        "Support SpinDown HotSpare|Support SpinDown Configured|Support T10 Power State|"
        "Support Temperature Monitoring|Support WCE|Support Degraded Media Detection|Support PD Secure Erase|"
        "Support SSD Wear Gauge|Support Mark Missing|Support Replace Missing|Support Prepare For Removal"
    ),
    "Supported VD operations": (
        "Support Changing Read Policy|Support Changing Write Policy|Support Changing Disk Cache Policy|"
        "Support Online Capacity Expansion|Support LDBBM|Support Secure Erase|"
        "Support Unmap for single drive RAID 0 VDs|Support Unmap for RAID 0 VDs|Support Unmap for RAID 1/10 VDs|"
        "Support Unmap for RAID 5/50/6/60 VDs|Support Writesame Unmap for single drive RAID 0 VDs|"
        "Support Writesame Unmap for RAID 0 VDs|Support Writesame Unmap for RAID 1/10 VDs|"
        "Support Writesame Unmap for RAID 5/50/6/60 VDs|Support T10 Atomicity"
    ),
    "HwCfg": (
        "NVRAM|NVRAM Size(KiB)#|DDR Memory Size(MiB)#|Flash|NOR Flash Size(MiB)#|CacheVault Flash Size(MiB)#|"
        "OCM Memory|OCM Memory Size(MiB)#|Current Size of FW Cache(MiB)#|DDR Width|Energy Pack|Upgrade Key|"
        "Upgrade Key Slot|On Board Expander|Temperature Sensor for Chip|Temperature Sensor for Board|"
        "Upgradable Board Logic|PCI Switch|Serial Debugger|Chip temperature(C)#|Controller Fan"
    ),
    "Max. Supported Config": (
        "Max Number of VDs#|Max Number of Physical Drives#|Max SAS/SATA Drives#|Max NVMe Drives#|Max Arrays#|"
        "Max PD Per Array#|Max Spans Per VD#|Max Dedicated HSPs#|Max Global HSPs#|Max VDs Per Array#|Max Phys#|"
        "Max RAID Configurable PDs#|Max Complex RAID VDs#|Max Data Transfer Size(Bytes)#|Max Parallel Commands#|"
        "Max NS/LU per RAID PDs#|Max Supported LUNs for SAS PDs#|Max Namespaces#|Max Persistent Id#|"
        "Max VD's per Array in configuration#|Max Key Id length#|Max Security Key length#"
    ),
    "Properties": (
        "Patrol Read Rate(%)#|BGI Rate(%)#|Consistency Check Rate(%)#|OCE Rate(%)#|Drive Coercion Mode|Auto Rebuild|"
        "Energy Pack Warning|Data Loss Warning|Ecc Bucket Size(Entries)#|ECC Bucket Leak Rate(minute(s))#|"
        "Expose Enclosure Devices|Maintain Drive Fail History|All Online Controller Reset|"
        "Auto Online Controller Reset|Abort CC on Error|Replace Drive|HDD SMARTer Enabled|SSD SMARTer Enabled|"
        "PR Correct UnConfigured Areas|Support SSD Patrol Read|SpinDown Unconfigured Drive|Boot With Preserved Cache|"
        "SpinDown HotSpare|Fail On SMARTer|SES VPD Association|Base Enclosure Level|"
        "SMART/Temperature PollInterval-For External PDs only(second(s))#|"
        "SMART/Temperature PollInterval-For Internal PDs only(second(s))#|SpinDown Time(minute(s))#|"
        "Spinup Drive Count#|Spinup Delay(second(s))#|Spinup Encl Drive Count#|Spinup Enclosure Delay(second(s))#|"
        "Drive Detection Type|Drive Corrective Action|Drive Error Threshold|Boot Mode|Name|SmartPoll - RAID PDs|"
        "PD Temperature Poll"
    ),
    "Capabilities": (
        "Supported Drive Interfaces|Supported RAID Levels|Mix of SAS-HDD/SATA-HDD in VD|"
        "Mix of SAS-SSD/SATA-SSD in VD|Mix of SSD/HDD in VD|"
        "Mix of SED type(Enterprise,OPAL,and RUBY) for Security Enabled Arrays|Mix of different NS/LU count in a VD|"
        "Mix of NVMe SGL and PRP in a VD"
    ),
    "NVCache Information": (
        "NVCache Flash Capacity(MiB)#|Bad Block Capacity(MiB)#|Allowable bad blocks consumed(%)#"
    ),
    "Scheduled Tasks": (
        "Patrol Read Execution Frequency(hours)|Next Patrol Read Start time(LocalTime yyyy/mm/dd hh:mm:sec)"
    ),
    "Secure Boot Details": (
        "Secure Boot State|Secure Boot Mode|Total Number Of Key Slots#|Number Of Key Slots Used#|"
        "Remaining Key Slots#|Current Key Encryption Algorithm|Key Hash Size|Key Hash Version|"
        "Security Version Number"
    ),
    "Security Protocol Details": (
        "Security Protocol"
    ),
}
